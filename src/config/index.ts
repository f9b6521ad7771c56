export { readSettings, type Secrets, type Settings } from './settings.ts';
