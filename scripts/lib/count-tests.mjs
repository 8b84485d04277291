// Adds up vitest's JSON reports: node count-tests.mjs FAILED_CHECKS REPORT... prints the closing line of scripts/test
// and exits 1 when anything failed, or when nothing ran.
import { readFileSync } from 'node:fs';

const [failedChecks, ...reports] = process.argv.slice(2);
const total = { passed: 0, failed: Number(failedChecks), skipped: 0 };

for (const report of reports) {
  let result;
  try {
    result = JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    // A stage whose runner died before it could report has failed, whatever it had counted.
    total.failed += 1;
    continue;
  }
  total.passed += result.numPassedTests;
  total.failed += result.numFailedTests;
  total.skipped += result.numPendingTests + result.numTodoTests;
  // A file that cannot be loaded, or whose hooks fail, may count no failed test at all.
  const broken = result.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  );
  total.failed += broken.length;
  if (!result.success && result.numFailedTests + broken.length === 0) total.failed += 1;
}

const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
console.log(`${total.passed} passed, ${total.failed} failed${skipped}`);
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);
