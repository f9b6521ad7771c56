import type { ComponentType } from 'react';
import { BacklogTile } from './backlog-tile.tsx';
import { CertificatesTile } from './certificates-tile.tsx';
import type { Range } from './figures.ts';
import { LatencyTile } from './latency-tile.tsx';
import { OutcomesTile } from './outcomes-tile.tsx';
import { TroubleTile } from './trouble-tile.tsx';

/** What every tile is told. */
export interface TileProps {
  range: Range;
}

/** A part of the dashboard. It reads what it shows, and leads to the list behind that. */
interface Tile {
  id: string;
  /** How many of the twelve columns it takes where there is room. */
  columns: 4 | 6 | 8 | 12;
  component: ComponentType<TileProps>;
}

/** The dashboard, in order. A module that has something to show adds its tile here. */
export const TILES: readonly Tile[] = [
  { id: 'outcomes', columns: 8, component: OutcomesTile },
  { id: 'backlog', columns: 4, component: BacklogTile },
  { id: 'latency', columns: 8, component: LatencyTile },
  { id: 'trouble', columns: 4, component: TroubleTile },
  { id: 'certificates', columns: 12, component: CertificatesTile },
];
