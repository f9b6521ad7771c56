import { type Actor, type Api, NoBody, strictObject } from '../http/index.ts';
import { notFound, Refusal } from '../kernel/errors.ts';
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
    options: { webhookId: string | null; actor: Actor; eventType: string | null },
    once: OnceRequest | null,
  ) => Promise<TestReport>;
}

const Query = { eventType: Type.Optional(Type.String({ description: 'Whose sample is sent.' })) };
const UnsavedQuery = {
  ...Query,
  webhookId: Type.Optional(
    Type.String({
      description:
        'Of the webhook that the settings are meant for: it signs the test, and its secrets are sent where the body has ' +
        '`{"set": true}`. For administrators.',
    }),
  ),
};
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
        querystring: strictObject(Query),
        body: NoBody,
        response,
      },
    },
    (request) => testSaved(request.params.id, request.query.eventType ?? null, request.once),
  );

  api.post(
    '/api/v1/webhooks/test',
    {
      config: { role: 'operator', problems: ['not_found', 'unknown_event_type'] },
      schema: {
        summary: 'Send a test of a webhook that is not saved, and show the whole exchange',
        description:
          'What could not be saved is refused as saving would refuse it, but for an address that may not be dialled. ' +
          'Without a `signingSecret`, and without `?webhookId=`, it is signed with one that is thrown away. Nothing is ' +
          'logged.',
        tags,
        querystring: strictObject(UnsavedQuery),
        body: NewWebhookBody,
        response,
      },
    },
    ({ body, actor, query, once }) => {
      const { webhookId = null, eventType = null } = query;
      // Whoever may not change the webhook could otherwise have its secrets sent to himself.
      if (webhookId !== null && actor.role !== 'admin') {
        throw new Refusal(
          'forbidden',
          `A test with the secrets of a webhook needs the role admin; yours is ${actor.role}.`,
        );
      }
      return testUnsaved(body, { webhookId, actor, eventType }, once);
    },
  );
}
