/** The program `orchestrator-client`. */
import { runHere } from './client/run-here.js';

// Not process.exit: it would cut off what a slow reader of a pipe has not taken yet.
process.exitCode = await runHere(process.argv.slice(2), 'script');
