import { type Json, type JsonObject, objectMember, ownMember } from '../kernel/json.ts';
import type { EventContent, InstanceFacts } from './content.ts';
import { wholeSeconds } from './seed-body.ts';

/** The words of GoMFT's program. A failure goes by its trigger's name, because the label looks for one that never occurs. */
const LABELS: ReadonlyMap<string, { event: string; status: string }> = new Map([
  ['transfer.started', { event: 'Job Started', status: 'running' }],
  ['transfer.completed', { event: 'Job Completed', status: 'completed' }],
  ['transfer.completed_with_errors', { event: 'Job Completed', status: 'completed_with_errors' }],
  ['transfer.failed', { event: 'job_error', status: 'failed' }],
]);

/**
 * `{ event, job, instance, timestamp }`: the tree that GoMFT's program sends, as its code has it and its documents do
 * not. A job there is what a schedule is here, and its configuration a transfer. Other events than of transfers, of which
 * GoMFT tells nothing, have the same tree by their own names. Pure. Source: GoMFT, its notification service.
 */
export function gomftBody(event: EventContent, instance: InstanceFacts): JsonObject {
  const transfer = objectMember(event.data, 'transfer');
  const schedule = objectMember(event.data, 'schedule');
  const job = Object.keys(schedule).length > 0 ? schedule : transfer;
  const label = LABELS.get(event.type) ?? { event: event.type.replaceAll('.', '_'), status: statusOf(transfer) };
  return {
    event: label.event,
    job: {
      id: member(job, 'id', ''),
      name: member(job, 'name', ''),
      status: label.status,
      event: label.event,
      message: member(objectMember(transfer, 'error'), 'message', ''),
      started_at: member(transfer, 'start_time', wholeSeconds(event.occurredAt)),
      ...present(transfer, 'end_time', 'completed_at'),
      ...present(transfer, 'duration_seconds', 'duration_seconds'),
      config_id: member(transfer, 'id', ''),
      config_name: member(transfer, 'name', ''),
      transfer_bytes: member(transfer, 'total_size_bytes', 0),
      file_count: member(transfer, 'files_transferred', 0),
    },
    instance: { id: 'gomft', name: 'GoMFT', version: '1.0', environment: instance.environment },
    timestamp: wholeSeconds(event.occurredAt),
  };
}

function statusOf(transfer: JsonObject): string {
  const status = ownMember(transfer, 'status');
  return typeof status === 'string' ? status : '';
}

function member(object: JsonObject, key: string, otherwise: Json): Json {
  return ownMember(object, key) ?? otherwise;
}

function present(object: JsonObject, key: string, as: string): JsonObject {
  const value = ownMember(object, key);
  return value === undefined ? {} : { [as]: value };
}
