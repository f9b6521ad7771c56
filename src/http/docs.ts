import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { RouteOptions } from 'fastify';
import type { Api } from './api.ts';
import { type Document, describeConventions, type Traits } from './conventions.ts';
import { SESSION_COOKIE } from './credentials.ts';
import { CSRF_HEADER } from './forgery.ts';

/** Adds the OpenAPI document and its page. Must be called, and awaited, before the routes it is to describe. */
export async function addDocs(api: Api, version: string): Promise<void> {
  const traits = new Map<string, Traits>();
  await api.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Waybill',
        version,
        description: 'Managed file transfer with guaranteed webhooks.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      components: {
        securitySchemes: {
          apiKey: {
            type: 'http',
            scheme: 'bearer',
            description:
              'An API key. Operations name the role it needs; each role may do all that the ones before it may.',
          },
          session: {
            type: 'apiKey',
            in: 'cookie',
            name: SESSION_COOKIE,
            description: `What POST /api/v1/session gives a browser. Its user has a role as API keys have; what changes something needs the header ${CSRF_HEADER} too.`,
          },
        },
      },
    },
    transform: ({ schema, url, route }) => {
      traits.set(operationName(route), { role: route.config?.role ?? null, problems: route.config?.problems ?? [] });
      return { url, schema: route.method === 'PATCH' ? { consumes: PATCH_TYPES, ...schema } : schema };
    },
    transformObject: (found) => {
      if (!('openapiObject' in found)) return found.swaggerObject;
      describeConventions(found.openapiObject as Document, (operation) => traits.get(operation) ?? NO_TRAITS);
      return found.openapiObject;
    },
  });
  await api.register(swaggerUi, { routePrefix: '/api/docs', staticCSP: true });
  api.get('/api/openapi.json', { schema: { hide: true } }, async () => api.swagger());
}

const PATCH_TYPES = ['application/json', 'application/merge-patch+json'];
const NO_TRAITS: Traits = { role: null, problems: [] };

/** A route as the document calls it: `POST /webhooks/{id}/pause`. */
function operationName({ method, url }: RouteOptions): string {
  return `${[method].flat()[0]} ${url.replaceAll(/:(\w+)/g, '{$1}')}`;
}
