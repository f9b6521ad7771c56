import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    environment: 'node',
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'bench/**/*.test.ts', 'web/src/**/*.test.ts'],
    // Processes, not threads: tests send signals, spawn worker threads of our own and measure memory.
    pool: 'forks',
    // Tests wait for sockets and disks more than they compute, so a core need not be kept free.
    maxWorkers: '100%',
    // As long as a busy machine may take: whoever waits for a signal does not wait longer for it.
    expect: { poll: { timeout: 60_000 } },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 10_000,
    reporters: ['default', './tools/tally-reporter.ts'],
  },
});
