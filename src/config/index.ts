export { loadMasterKey } from './master-key.ts';
export { readSettings, type Secrets, type Settings } from './settings.ts';
