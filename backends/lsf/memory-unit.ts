/** The unit in which this LSF counts memory, from its own configuration where that can be read. */
import type { Ask } from '../batch-driver.ts';
import { MEMORY_UNITS, type MemoryUnit } from './settings.ts';

export class UnitFinder {
  private readonly path: string;
  private text: string | undefined;

  /** lsf.conf lies in LSF_ENVDIR, else in /etc (lsf.conf). */
  constructor(env: Readonly<Record<string, string | undefined>>) {
    this.path = `${env['LSF_ENVDIR'] ?? '/etc'}/lsf.conf`;
  }

  /**
   * Absent where the file says nothing, or cannot be read by the owner. By a command, because it may lie on a file
   * server that is away: such an answer is none, and the next submit asks again.
   */
  async find(ask: Ask): Promise<MemoryUnit | undefined> {
    if (this.text === undefined) {
      const { exitCode, stdout } = await ask({ program: 'cat', args: [this.path] });
      if (exitCode !== undefined) this.text = stdout;
    }
    return unitIn(this.text ?? '');
  }
}

export function unitIn(lsfConf: string): MemoryUnit | undefined {
  const written = /^\s*LSF_UNIT_FOR_LIMITS\s*=\s*"?(\w+)/m.exec(lsfConf)?.[1]?.toUpperCase();
  return MEMORY_UNITS.find((unit) => unit === written || unit[0] === written);
}
