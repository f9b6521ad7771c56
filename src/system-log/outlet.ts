/** Where lines go. It takes them at once and writes them in its own time, in their order. */
export interface Outlet {
  /** Takes whole lines. */
  add(lines: Buffer): void;
  /** Resolves when what was added so far has been written, or cannot be for now. */
  written(): Promise<void>;
}

/** How much an outlet keeps of what it cannot write; what is older is lost. */
export const MAX_WAITING_BYTES = 4 * 1024 * 1024;
