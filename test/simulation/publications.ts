import type { Connection } from '../../src/store/sqlite/driver.ts';
import type { Verdicts } from './invariants.ts';
import type { Picture } from './picture.ts';

/** A request to publish events. Those who publish ask again with the same key when they were not answered. */
export interface Publication {
  /** A text in each event that no other publication has. */
  markers: string[];
  key: string | null;
  /** The ids it was acknowledged with. */
  acknowledged: string[] | null;
  /** Whether every answer so far was that nothing of it was kept. */
  isRefused: boolean;
}

/** Holds what publishers were told against what is there. */
export interface PublicationWitness {
  asked(publication: Publication): void;
  acknowledged(publication: Publication, answers: readonly { id: string; deliveryCount: number }[]): void;
  /** Looks in the database for everything that was acknowledged. */
  lookUp(database: Connection): void;
  /** At the end: nothing was published twice, and nothing that was refused. */
  judge(): void;
}

export function createPublicationWitness(picture: Picture, verdicts: Verdicts): PublicationWitness {
  const publications: Publication[] = [];

  function judgeAnswer(marker: string, answer: { id: string; deliveryCount: number }): void {
    const event = picture.eventsById.get(answer.id);
    if (event === undefined || event.marker !== marker) {
      verdicts.violated('acknowledged', `${marker} is acknowledged as ${answer.id}, which holds ${event?.marker}`);
    } else if (event.owedCount !== answer.deliveryCount) {
      const owed = `owed to ${answer.deliveryCount}, and is to ${event.owedCount}`;
      verdicts.violated('acknowledged', `${marker} is said to be ${owed}`);
    }
  }

  return {
    asked: (publication) => publications.push(publication),
    acknowledged(publication, answers) {
      const ids = answers.map(({ id }) => id);
      if (publication.acknowledged !== null && publication.acknowledged.join() !== ids.join())
        verdicts.violated('onceOnly', `${publication.markers.join()} is acknowledged as ${ids.join()} the second time`);
      publication.acknowledged = ids;
      for (const [index, answer] of answers.entries()) judgeAnswer(publication.markers[index] as string, answer);
    },
    lookUp(database) {
      for (const { acknowledged, markers } of publications) {
        for (const [index, id] of (acknowledged ?? []).entries()) {
          const isThere = database.get('SELECT 1 FROM events WHERE id = ?', [id]) !== undefined;
          if (!isThere && picture.eventsById.get(id)?.isPruned !== true)
            verdicts.violated('acknowledged', `${markers[index]} was acknowledged as ${id} and is lost`);
        }
      }
    },
    judge() {
      const counts = new Map<string, number>();
      for (const { marker } of picture.events.values()) {
        if (marker !== null) counts.set(marker, (counts.get(marker) ?? 0) + 1);
      }
      for (const { markers, isRefused } of publications) {
        for (const marker of markers) {
          const count = counts.get(marker) ?? 0;
          if (count > 1) verdicts.violated('onceOnly', `${marker} was published ${count} times`);
          if (count > 0 && isRefused) verdicts.violated('acknowledged', `${marker} was refused, and is there`);
        }
      }
    },
  };
}
