import { readFile } from 'node:fs/promises';
import type { Api } from '../http/index.ts';
import { nullable } from '../http/index.ts';
import { Type } from '../kernel/type.ts';
import { type ReceiverExample, receiverExamples } from './receiver-examples.ts';

const GUIDE = new URL('../../docs/receiving-webhooks.md', import.meta.url);

const Example = Type.Object({
  language: Type.String(),
  name: Type.String(),
  note: Type.String({ description: 'What it needs to run, in Markdown.' }),
  fileName: nullable(Type.String({ description: 'Null for lines to be typed.' })),
  code: Type.String(),
});

/** Receivers to start from. */
export function receiverExampleRoutes(api: Api): void {
  /** Read when it is asked for first, and kept. */
  let examples: ReceiverExample[] | null = null;

  api.get(
    '/api/v1/receiver-examples',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'List receivers that verify signatures, one in each of some languages, all on one page',
        tags: ['Inboxes'],
        response: { 200: Type.Object({ items: Type.Array(Example), next: Type.Null() }) },
      },
    },
    async () => {
      examples ??= receiverExamples(await readFile(GUIDE, 'utf8'));
      return { items: examples, next: null };
    },
  );
}
