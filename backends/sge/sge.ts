import type { Backend } from '../backend.ts';
import type { BatchSettings } from '../batch-driver.ts';
export type SgeSettings = BatchSettings;
export function createSge(_name: string, _settings: Partial<SgeSettings>): Backend {
  throw new Error('in the making');
}
