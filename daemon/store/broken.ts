/**
 * The store cannot be relied on any more: a rule of the database was broken (our bug), its file is damaged,
 * or the thread that holds it has died. The daemon stops on it, and a restart begins with what is on disk.
 */
export class StoreBrokenError extends Error {
  override readonly name = 'StoreBrokenError';
}
