import { describe, expect, it } from 'vitest';
import { scopeKeys } from './scope-keys.ts';

describe('scope keys', () => {
  it('are the ids in the data, numbers as text', () => {
    const data = {
      transfer: { id: 'trf_1' },
      schedule: { id: 0 },
      station: { id: 'sta_1' },
      partner: { id: 17 },
      webhook: { id: 'wh_1' },
    };

    expect(scopeKeys(data)).toEqual({
      transferId: 'trf_1',
      scheduleId: '0',
      stationId: 'sta_1',
      partnerId: '17',
      webhookId: 'wh_1',
    });
  });

  it('are null where the data has no id that is text or a number', () => {
    const data = JSON.parse(
      '{"transfer":{"name":"n"},"schedule":"s","station":{"id":null},"partner":{"id":["x"]},"__proto__":{"webhook":{"id":"wh_1"}}}',
    );

    expect(scopeKeys(data)).toEqual({
      transferId: null,
      scheduleId: null,
      stationId: null,
      partnerId: null,
      webhookId: null,
    });
  });
});
