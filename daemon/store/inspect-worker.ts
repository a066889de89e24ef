/** The thread that reads one database through, says what it found, and ends: entry of a worker. */
import { parentPort, workerData } from 'node:worker_threads';
import { inspect } from './inspect.ts';

parentPort?.postMessage(inspect(workerData));
