import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { Api } from './server.ts';

/** Adds the OpenAPI document and its page. Must be called, and awaited, before the routes it is to describe. */
export async function addDocs(api: Api, version: string): Promise<void> {
  await api.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Waybill',
        version,
        description: 'Managed file transfer with guaranteed webhooks.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      components: { securitySchemes: { apiKey: { type: 'http', scheme: 'bearer' } } },
      security: [{ apiKey: [] }],
    },
    transform: ({ schema, url, route }) => ({
      url,
      schema: route.config?.role === undefined ? { ...schema, security: [] } : schema,
    }),
  });
  await api.register(swaggerUi, { routePrefix: '/api/docs', staticCSP: true });
  api.get('/api/openapi.json', { schema: { hide: true } }, async () => api.swagger());
}
