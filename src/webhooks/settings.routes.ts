import { type Api, IfMatch, IfNoneMatch, ifMatch } from '../http/index.ts';
import { Type } from '../kernel/type.ts';
import { type DefaultSettings, defaultsTag } from './default-settings.ts';
import type { Defaults } from './defaults.ts';
import type { WebhookDirectory } from './directory.ts';
import type { Instance } from './instance.ts';
import { maskAuth } from './secrets.ts';
import { maskTls } from './tls.ts';
import { warned } from './webhooks.routes.ts';
import { DefaultsAnswer, GivenSettings } from './webhooks.schemas.ts';

interface Dependencies {
  directory: WebhookDirectory;
  defaults: DefaultSettings;
  instance: Instance;
}

const Defaulted = Type.Unsafe<ReturnType<typeof presentDefaults> & ReturnType<typeof warned>>(DefaultsAnswer);

const identity = {
  name: Type.String({ minLength: 1, maxLength: 200, description: '`tenantName` in bodies.' }),
  email: Type.String({
    maxLength: 320,
    pattern: '^([^@\\s]+@[^@\\s]+)?$',
    description: '`tenantEmail` in bodies, and `to` where the station has no address. Empty: none.',
  }),
  tenantId: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  bucketName: Type.String({ minLength: 1, maxLength: 255 }),
};

const Identity = Type.Object(identity);
const GivenIdentity = Type.Partial(Identity, { additionalProperties: false });
const tags = ['Settings'];

/** What holds for the whole instance. Each object is replaced as a whole. */
export function settingsRoutes(api: Api, { directory, defaults, instance }: Dependencies): void {
  const tagOfDefaults = () => defaultsTag(directory.defaults());

  api.get(
    '/api/v1/settings/webhooks',
    {
      config: { role: 'viewer', tag: tagOfDefaults },
      schema: {
        summary: 'Read what webhooks inherit',
        tags,
        headers: IfNoneMatch,
        response: { 200: Defaulted },
      },
    },
    async () => presentDefaults(directory.defaults()),
  );

  api.put(
    '/api/v1/settings/webhooks',
    {
      config: { role: 'admin', tag: tagOfDefaults, problems: ['template_invalid', 'rate_limited'] },
      schema: {
        summary: 'Replace what webhooks inherit; what is left out goes back to its built-in value',
        tags,
        headers: IfMatch,
        body: GivenSettings,
        response: { 200: Defaulted },
      },
    },
    async (request, reply) => {
      const { replaced, warnings } = await defaults.replace(request.body, ifMatch(request));
      const answer = { ...presentDefaults(replaced), ...warned(warnings) };
      return reply.header('etag', defaultsTag(replaced)).send(answer);
    },
  );

  api.get(
    '/api/v1/settings/instance',
    {
      config: { role: 'viewer', tag: instance.tag },
      schema: {
        summary: 'Read who this instance says it is in bodies of AS2 events',
        tags,
        headers: IfNoneMatch,
        response: { 200: Identity },
      },
    },
    async () => instance.identity(),
  );

  api.put(
    '/api/v1/settings/instance',
    {
      config: { role: 'admin', tag: instance.tag },
      schema: {
        summary: 'Replace who this instance says it is; what is left out goes back to what the first start made up',
        tags,
        headers: IfMatch,
        body: GivenIdentity,
        response: { 200: Identity },
      },
    },
    async (request, reply) => {
      const replaced = await instance.replace(request.body, ifMatch(request));
      return reply.header('etag', instance.tag()).send(replaced);
    },
  );
}

/** The defaults as the API shows them, ready to be sent back: secrets only as set. */
function presentDefaults({ config }: Defaults) {
  return { ...config, auth: maskAuth(config.auth), tls: maskTls(config.tls) };
}
