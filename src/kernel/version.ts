import packageJson from '../../package.json' with { type: 'json' };

/** Waybill's version, as the package says it. */
export const { version } = packageJson;
