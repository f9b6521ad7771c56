/** How far this machine's clock is behind the server's, in ms, as its last answer told. */
let behindMs = 0;

/** The resolution of the header `Date`. Less of a difference says nothing. */
const RESOLUTION_MS = 1_000;

/** Takes the server's time from an answer. */
export function readServerClock(response: Response): void {
  const told = Date.parse(response.headers.get('date') ?? '');
  if (Number.isNaN(told)) return;
  const differenceMs = told - Date.now();
  behindMs = Math.abs(differenceMs) > 2 * RESOLUTION_MS ? differenceMs : 0;
}

/** Now by the server's clock, which is what its instants are told by: this machine's may be hours off. */
export function serverNow(): number {
  return Date.now() + behindMs;
}
