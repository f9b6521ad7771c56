export { createFiguresPruning, createKeepingCount } from './counting.ts';
export { healthRoutes } from './health.routes.ts';
export { statisticsRoutes } from './statistics.routes.ts';
