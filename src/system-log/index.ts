export { logRoutes } from './logs.routes.ts';
export { createSystemLog, type Log } from './system-log.ts';
