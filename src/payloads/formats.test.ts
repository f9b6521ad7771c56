import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../kernel/json.ts';
import { type InstanceFacts, mediaKindOf, type PayloadChoice, renderBody } from './index.ts';

const instance: InstanceFacts = {
  name: 'Acme Ltd',
  email: 'ops@acme.example',
  tenantId: 123456789012345,
  bucketName: 'mftg-acme',
  environment: 'staging',
};

const transfer = {
  id: 'transfer-123',
  name: 'Daily Backup',
  start_time: '2023-09-15T14:20:01Z',
  end_time: '2023-09-15T14:22:33Z',
  duration_seconds: 152,
  files_transferred: 258,
  total_size_bytes: 1073741824,
};
const schedule = { id: 'schedule-456', name: 'Daily Backup Schedule' };

function rendered(type: string, data: JsonObject, payload: PayloadChoice, contentType = 'application/json') {
  const event = { id: 'evt_1', type, occurredAt: Date.parse('2023-09-15T14:22:33Z'), data };
  return renderBody(event, { payload, contentType }, instance);
}

function jsonOf(type: string, data: JsonObject, payload: PayloadChoice): JsonObject {
  return JSON.parse(rendered(type, data, payload).content);
}

describe('cloudevents', () => {
  it('in structured mode has the attributes beside the data, and a media type of its own', () => {
    const { contentType, content } = rendered(
      'order.shipped',
      { order: 7 },
      { format: 'cloudevents', mode: 'structured' },
    );
    expect(contentType).toBe('application/cloudevents+json');
    expect(JSON.parse(content)).toEqual({
      specversion: '1.0',
      id: 'evt_1',
      source: 'urn:waybill:123456789012345',
      type: 'order.shipped',
      time: '2023-09-15T14:22:33.000Z',
      datacontenttype: 'application/json',
      data: { order: 7 },
    });
  });

  it('keeps the charset that was asked for', () => {
    const structured = { format: 'cloudevents', mode: 'structured' } as const;
    const { contentType } = rendered('order.shipped', {}, structured, 'application/json; charset=utf-8');
    expect(contentType).toBe('application/cloudevents+json; charset=utf-8');
  });

  it('in binary mode is the data alone', () => {
    const binary = { format: 'cloudevents', mode: 'binary' } as const;
    expect(rendered('order.shipped', { order: 7 }, binary)).toEqual({
      contentType: 'application/json',
      content: '{"order":7}',
    });
  });
});

describe('gomft', () => {
  it('is the tree that its program sends', () => {
    expect(jsonOf('transfer.completed', { transfer, schedule }, { format: 'gomft' })).toEqual({
      event: 'Job Completed',
      job: {
        id: 'schedule-456',
        name: 'Daily Backup Schedule',
        status: 'completed',
        event: 'Job Completed',
        message: '',
        started_at: '2023-09-15T14:20:01Z',
        completed_at: '2023-09-15T14:22:33Z',
        duration_seconds: 152,
        config_id: 'transfer-123',
        config_name: 'Daily Backup',
        transfer_bytes: 1073741824,
        file_count: 258,
      },
      instance: { id: 'gomft', name: 'GoMFT', version: '1.0', environment: 'staging' },
      timestamp: '2023-09-15T14:22:33Z',
    });
  });

  it.each([
    ['transfer.started', 'Job Started', 'running'],
    ['transfer.completed', 'Job Completed', 'completed'],
    ['transfer.completed_with_errors', 'Job Completed', 'completed_with_errors'],
    ['transfer.failed', 'job_error', 'failed'],
  ])('calls %s %s, and its status %s', (type, event, status) => {
    expect(jsonOf(type, { transfer }, { format: 'gomft' })).toMatchObject({ event, job: { event, status } });
  });

  it('leaves out when a job that still runs has ended, and says why one failed', () => {
    const { id, name, start_time } = transfer;
    const running = { id, name, start_time, error: { code: 'X', message: 'no route' } };
    const { job } = jsonOf('transfer.failed', { transfer: running }, { format: 'gomft' }) as { job: JsonObject };
    expect(job).not.toHaveProperty('completed_at');
    expect(job).not.toHaveProperty('duration_seconds');
    expect(job).toMatchObject({ id, name, config_id: id, message: 'no route', transfer_bytes: 0, file_count: 0 });
  });

  it.each(['order.shipped', 'schedule.created', 'transfer.cancelled'])('has a tree for %s as well', (type) => {
    expect(jsonOf(type, {}, { format: 'gomft' })).toMatchObject({
      event: type.replaceAll('.', '_'),
      job: { id: '', name: '', status: '' },
      timestamp: '2023-09-15T14:22:33Z',
    });
  });
});

describe('the kind of a media type', () => {
  it.each([
    ['application/json', 'json'],
    ['application/json; charset=utf-8', 'json'],
    ['Application/Vnd.Api+JSON', 'json'],
    ['text/json', 'json'],
    ['application/xml', 'xml'],
    ['text/xml;charset=utf-8', 'xml'],
    ['application/soap+xml; action="a/json"', 'xml'],
    ['application/x-www-form-urlencoded', 'other'],
    ['text/plain', 'other'],
    ['application/jsonl', 'other'],
  ])('%s is %s', (contentType, kind) => {
    expect(mediaKindOf(contentType)).toBe(kind);
  });
});
