export { checkTemplate } from './checks.ts';
export { checkContentType } from './content-type.ts';
export { samplesOf, type UnknownVariable } from './known-variables.ts';
export { MAX_TEMPLATE_BYTES } from './limits.ts';
export { createTemplateRenderer, type TemplateRenderer } from './renderer.ts';
export { templateRoutes } from './templates.routes.ts';
export { UnknownVariableSchema } from './templates.schemas.ts';
