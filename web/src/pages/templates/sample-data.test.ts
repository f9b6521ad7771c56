import { describe, expect, test } from 'vitest';
import { missingIn, valueIn } from './sample-data.ts';

/** As `GET /templates/variables` has them. */
const short = (name: string, meaning: string) => ({ name, meaning, group: 'short' as const });
const transferName = short('transfer_name', '`transfer.name`');
const scheduleName = short('schedule_name', '`schedule.name`');
const errorCode = short('error_code', '`code` of `transfer.error`, else of `error`');
const errorMessage = short('error_message', '`message` of `transfer.error`, else of `error`');
const sizeMb = short('total_size_mb', '`transfer.total_size_bytes` in units of 1,048,576, at most two decimals');
const status = { name: 'transfer.status', meaning: 'How it went.', group: 'data' as const };
const variables = [transferName, scheduleName, errorCode, errorMessage, sizeMb, status];

const failed = { transfer: { name: 'Backup', status: 'failed', error: { message: 'disk full' } } };

describe('the value of a variable in a sample', () => {
  test.each([
    ['a short name is that of the member it stands for', transferName, failed, '"Backup"'],
    ['a short name of an error is that of the transfer', errorMessage, failed, '"disk full"'],
    ['or that of the event', errorMessage, { error: { message: 'late' } }, '"late"'],
    ['a member of the data is its own', status, failed, '"failed"'],
    ['an object is not shown, its members are', { ...status, name: 'transfer' }, failed, ''],
    ['what is not there is nothing', scheduleName, failed, ''],
    ['what is made of more than one is not known', sizeMb, failed, ''],
  ])('%s', (_what, variable, data, value) => {
    expect(valueIn(data, variable)).toBe(value);
  });
});

describe('what is missing in a sample', () => {
  const missing = (data: unknown, ...used: string[]) => [...missingIn(data, used, variables)];

  test('is a name whose sources are all absent', () => {
    const used = ['transfer_name', 'schedule_name', 'error_message', 'error_code', 'transfer.status', 'data.order.id'];
    expect(missing(failed, ...used)).toEqual(['schedule_name', 'error_code', 'data.order.id']);
  });

  test('is nothing of which it is not known where it comes from', () => {
    expect(missing({}, 'total_size_mb', 'event.type', 'environment')).toEqual([]);
  });

  test('is nothing while the sample is not known', () => {
    expect(missing(undefined, 'transfer_name')).toEqual([]);
  });
});
