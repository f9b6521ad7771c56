/** Checks every import of the repository by the rules of `.dependency-cruiser.mjs`; exits with 1 when one is broken. */
import { complaints, reportImports } from './import-report.ts';

const report = await reportImports(process.cwd());
const lines = complaints(report);
for (const line of lines) console.error(line);
console.log(`${report.filesRead.length} files, ${report.importCount} imports, ${lines.length} complaints`);
if (lines.length > 0) process.exitCode = 1;
