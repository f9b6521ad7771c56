/** The longest template. */
export const MAX_TEMPLATE_BYTES = 262_144;

/** The largest body that is sent. */
export const MAX_BODY_BYTES = 1_048_576;
