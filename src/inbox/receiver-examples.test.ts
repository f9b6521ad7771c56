import { expect, test } from 'vitest';
import { readDocument } from '../../test/harness/markdown.ts';
import { receiverExamples } from './receiver-examples.ts';

test('the guide has an example of a receiver in each language, whole and with its file', () => {
  const examples = receiverExamples(readDocument('docs/receiving-webhooks.md'));
  expect(examples.map(({ name, fileName }) => [name, fileName])).toEqual([
    ['Node', 'receiver.mjs'],
    ['Python', 'receiver.py'],
    ['Go', 'receiver.go'],
    ['Java', 'Receiver.java'],
    ['PHP', 'receiver.php'],
    ['C#', 'receiver.cs'],
    ['Shell', null],
  ]);
  for (const { note, code } of examples) {
    expect(note.split('\n\n')).toHaveLength(1);
    expect(code.toLowerCase()).toContain('webhook_s');
  }
});

test('a guide that lacks a language is a mistake of ours', () => {
  expect(() => receiverExamples('# Receiving\n\n## Verifying the signature\n\n## Next\n')).toThrow('Node');
});
