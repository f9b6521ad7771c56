export { openBuild } from './build.ts';
export { webRoutes } from './web.routes.ts';
