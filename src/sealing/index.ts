export { inspectKeyFile } from './inspection.ts';
export { createRotations, openKeyring, rotateMasterKey } from './rotation.ts';
export { SEALED_BY, type SealedPart, type SealedSecret } from './sealed.store.ts';
export { sealingRoutes } from './sealing.routes.ts';
