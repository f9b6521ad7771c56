import { useQuery } from '@tanstack/react-query';
import { eventTypesQuery } from '../../api/event-types.ts';
import { recentEventsQuery, type Sample } from './templates.ts';

/** The type and the data of the sample; null where they are not known. */
export function useSampleData(sample: Sample): { type: string | null; data: unknown } {
  const { data: types = [] } = useQuery(eventTypesQuery);
  const { data: recent = [] } = useQuery(recentEventsQuery);
  if ('eventType' in sample) {
    return { type: sample.eventType, data: types.find(({ type }) => type === sample.eventType)?.sample };
  }
  const event = recent.find(({ id }) => id === sample.eventId);
  return { type: event?.type ?? null, data: event?.data };
}
