/*
 * Checks that this machine has what the tests need, and says so in one line. Exits with 1 and a remedy when not.
 * JavaScript, because a Node too old for the tests is too old for TypeScript.
 */
const NEEDED_MAJOR = 24;

const obstacle = wrongNode() ?? (await wrongStore());
if (obstacle === null) {
  console.log(`ready: Node ${process.version} with node:sqlite; the tests need nothing else`);
} else {
  console.error(obstacle);
  process.exitCode = 1;
}

function wrongNode() {
  if (Number.parseInt(process.versions.node, 10) >= NEEDED_MAJOR) return null;
  return (
    `The tests need Node ${NEEDED_MAJOR} or newer; this is ${process.version}. ` +
    'Run `npm ci`, which installs one for this project, then `npm run test:setup`.'
  );
}

async function wrongStore() {
  try {
    const { DatabaseSync } = await import('node:sqlite');
    new DatabaseSync(':memory:').close();
    return null;
  } catch (error) {
    return (
      `The tests need node:sqlite, and this Node (${process.execPath}) cannot open a database with it: ${error}. ` +
      'Run `npm ci`, which installs a Node that can.'
    );
  }
}
