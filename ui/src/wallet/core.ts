import { commands, events, type ErrorView } from './bindings';

/** The core said no: a stable code, and its own words for it. */
export class CoreError extends Error {
  readonly view: ErrorView;
  constructor(view: ErrorView) {
    super(view.message);
    this.name = 'CoreError';
    this.view = view;
  }
}

type Result<T> = { status: 'ok'; data: T } | { status: 'error'; error: ErrorView };

async function unwrap<T>(result: Promise<Result<T>>): Promise<T> {
  const settled = await result;
  if (settled.status === 'error') throw new CoreError(settled.error);
  return settled.data;
}

/**
 * Everything that the screens may ask of the core. Each answers with a view or throws `CoreError`.
 * Nothing is kept here: what a screen shows, it asked for.
 */
export const core = {
  vaultState: () => unwrap(commands.vaultState()),
  createVault: (passphrase: string) => unwrap(commands.createVault(passphrase)),
  showWords: (passphrase: string) => unwrap(commands.showWords(passphrase)),
  wordsKept: () => unwrap(commands.wordsKept()),
  unlock: (passphrase: string) => unwrap(commands.unlock(passphrase)),
  lock: () => unwrap(commands.lock()),
  stillHere: () => unwrap(commands.stillHere()),
  home: () => unwrap(commands.home()),
  trust: () => unwrap(commands.trust()),
  previewImport: (name: string, content: string) => unwrap(commands.previewImport(name, content)),
  importRecords: (name: string, content: string, otherPerson: boolean) => unwrap(commands.importRecords(name, content, otherPerson)),
  records: () => unwrap(commands.records()),
  record: (id: string) => unwrap(commands.record(id)),
  readCodePicture: (content: string) => unwrap(commands.readCodePicture(content)),
  inspect: (link: string) => unwrap(commands.inspect(link)),
  question: (requestId: string) => unwrap(commands.question(requestId)),
  answer: (requestId: string, scopes: string[]) => unwrap(commands.answer(requestId, scopes)),
  deny: (requestId: string) => unwrap(commands.deny(requestId)),
  consents: () => unwrap(commands.consents()),
  consent: (id: string) => unwrap(commands.consent(id)),
  revoke: (id: string) => unwrap(commands.revoke(id)),
  refreshReads: (id: string) => unwrap(commands.refreshReads(id)),
  activity: () => unwrap(commands.activity()),
  sync: () => unwrap(commands.sync())
};

/** Calls back when something moved in the background (sent, confirmed, locked). Returns how to stop. */
export function onChanged(heard: () => void): () => void {
  const stop = events.changed.listen(heard);
  return () => void stop.then((off) => off());
}

/** Largest file taken in, in bytes: the same 64 MiB as the core's. */
export const FILE_MAX = 64 * 1024 * 1024;

/** A file's bytes as base64, as commands take them. */
export function fileContent(file: File): Promise<string> {
  if (file.size > FILE_MAX) {
    return Promise.reject(new CoreError({ code: 'too_large', message: '', next: '' }));
  }
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(String(reader.result).replace(/^data:[^,]*,/, ''));
    reader.onerror = () => failed(new CoreError({ code: 'unreadable', message: '', next: '' }));
    reader.readAsDataURL(file);
  });
}
