import { type Actor, type Api, NoBody, strictObject } from '../http/index.ts';
import { notFound } from '../kernel/errors.ts';
import { Type } from '../kernel/type.ts';
import type { OnceRequest } from '../store/index.ts';
import { NewWebhookBody, type Webhook, type WebhookDirectory } from '../webhooks/index.ts';
import { TestAnswer } from './connection-test.schemas.ts';
import type { TestReport } from './connection-test.ts';

interface Dependencies {
  directory: WebhookDirectory;
  testSaved: (webhookId: string, eventType: string | null, once: OnceRequest | null) => Promise<TestReport>;
  testUnsaved: (
    body: NewWebhookBody,
    actor: Actor,
    eventType: string | null,
    once: OnceRequest | null,
  ) => Promise<TestReport>;
}

const Query = strictObject({ eventType: Type.Optional(Type.String({ description: 'Whose sample is sent.' })) });
const tags = ['Webhooks'];
const response = { 200: Type.Unsafe<TestReport>(TestAnswer) };

/** Connection tests. A receiver that fails, or may not be dialled, is an answer and no problem. */
export function connectionTestRoutes(api: Api, { directory, testSaved, testUnsaved }: Dependencies): void {
  function find({ id }: Record<string, string>): Webhook {
    const webhook = directory.get(id as string);
    if (webhook === null) throw notFound('webhook', id as string);
    return webhook;
  }

  api.post(
    '/api/v1/webhooks/:id/test',
    {
      config: { role: 'operator', find, problems: ['unknown_event_type'] },
      schema: {
        summary: 'Send a test and show the whole exchange',
        tags,
        params: Type.Object({ id: Type.String() }),
        querystring: Query,
        body: NoBody,
        response,
      },
    },
    (request) => testSaved(request.params.id, request.query.eventType ?? null, request.once),
  );

  api.post(
    '/api/v1/webhooks/test',
    {
      config: { role: 'operator', problems: ['unknown_event_type'] },
      schema: {
        summary: 'Send a test of a webhook that is not saved, and show the whole exchange',
        description:
          'What could not be saved is refused as saving would refuse it, but for an address that may not be dialled. ' +
          'Without a `signingSecret` it is signed with one that is thrown away. Nothing is logged.',
        tags,
        querystring: Query,
        body: NewWebhookBody,
        response,
      },
    },
    ({ body, actor, query, once }) => testUnsaved(body, actor, query.eventType ?? null, once),
  );
}
