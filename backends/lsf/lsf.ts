import type { Backend } from '../backend.ts';
import type { BatchSettings } from '../batch-driver.ts';
export type LsfSettings = BatchSettings;
export function createLsf(_name: string, _settings: Partial<LsfSettings>): Backend {
  throw new Error('in the making');
}
