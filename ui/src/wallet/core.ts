import { commands, events, type BackupSecret, type ChosenCard, type ErrorView, type LogFormat, type ReceiptFormat, type RecordsFilter, type TaskProgress } from './bindings';

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
  resetPassphrase: (words: string, passphrase: string) => unwrap(commands.resetPassphrase(words, passphrase)),
  changePassphrase: (old: string, fresh: string) => unwrap(commands.changePassphrase(old, fresh)),
  rotateKey: (passphrase: string) => unwrap(commands.rotateKey(passphrase)),
  acceptOlderCopy: (passphrase: string) => unwrap(commands.acceptOlderCopy(passphrase)),
  profiles: () => unwrap(commands.profiles()),
  switchProfile: (number: number) => unwrap(commands.switchProfile(number)),
  addProfile: (name: string) => unwrap(commands.addProfile(name)),
  renameProfile: (number: number, name: string) => unwrap(commands.renameProfile(number, name)),
  removeProfile: (number: number, passphrase: string) => unwrap(commands.removeProfile(number, passphrase)),
  makeBackup: (path: string, passphrase: string) => unwrap(commands.makeBackup(path, passphrase)),
  restoreBackup: (path: string, secret: BackupSecret, passphrase: string) => unwrap(commands.restoreBackup(path, secret, passphrase)),
  restoreWords: (words: string, passphrase: string) => unwrap(commands.restoreWords(words, passphrase)),
  recovery: () => unwrap(commands.recovery()),
  scan: () => unwrap(commands.scan()),
  skipRegistry: (organisation: string) => unwrap(commands.skipRegistry(organisation)),
  cancelTask: () => unwrap(commands.cancelTask()),
  lock: () => unwrap(commands.lock()),
  stillHere: () => unwrap(commands.stillHere()),
  home: () => unwrap(commands.home()),
  trust: () => unwrap(commands.trust()),
  previewImport: (name: string, content: string) => unwrap(commands.previewImport(name, content)),
  importRecords: (name: string, content: string, otherPerson: boolean) => unwrap(commands.importRecords(name, content, otherPerson)),
  previewImportPath: (path: string) => unwrap(commands.previewImportPath(path)),
  importPath: (path: string, otherPerson: boolean) => unwrap(commands.importPath(path, otherPerson)),
  recordsPage: (filter: RecordsFilter, offset: number, limit: number) => unwrap(commands.recordsPage(filter, offset, limit)),
  record: (id: string) => unwrap(commands.record(id)),
  attachments: (recordId: string) => unwrap(commands.attachments(recordId)),
  attachment: (recordId: string, index: number) => unwrap(commands.attachment(recordId, index)),
  saveAttachment: (recordId: string, index: number, path: string) => unwrap(commands.saveAttachment(recordId, index, path)),
  readCodePicture: (content: string) => unwrap(commands.readCodePicture(content)),
  takeLink: () => commands.takeLink(),
  openCode: (text: string) => unwrap(commands.openCode(text)),
  showOffer: (partyId: string) => unwrap(commands.showOffer(partyId)),
  offerState: (codeId: string) => unwrap(commands.offerState(codeId)),
  showPass: (consentId: string) => unwrap(commands.showPass(consentId)),
  challenge: (challengeId: string) => unwrap(commands.challenge(challengeId)),
  answerChallenge: (challengeId: string, card: string) => unwrap(commands.answerChallenge(challengeId, card)),
  question: (requestId: string) => unwrap(commands.question(requestId)),
  answer: (requestId: string, scopes: string[], cards: ChosenCard[], profile: number) => unwrap(commands.answer(requestId, scopes, cards, profile)),
  deny: (requestId: string, profile: number) => unwrap(commands.deny(requestId, profile)),
  consents: () => unwrap(commands.consents()),
  consent: (id: string) => unwrap(commands.consent(id)),
  revoke: (id: string) => unwrap(commands.revoke(id)),
  refreshReads: (id: string) => unwrap(commands.refreshReads(id)),
  revokeAll: (everyone: boolean, passphrase: string) => unwrap(commands.revokeAll(everyone, passphrase)),
  saveSlip: (consentId: string, path: string) => unwrap(commands.saveSlip(consentId, path)),
  cards: () => unwrap(commands.cards()),
  card: (id: string) => unwrap(commands.card(id)),
  importCard: (content: string) => unwrap(commands.importCard(content)),
  importCardText: (text: string) => unwrap(commands.importCardText(text)),
  lookUpCard: (id: string) => unwrap(commands.lookUpCard(id)),
  cardOffer: (offerId: string) => unwrap(commands.cardOffer(offerId)),
  acceptCardOffer: (offerId: string, pin: string | null) => unwrap(commands.acceptCardOffer(offerId, pin)),
  declineCardOffer: (offerId: string) => unwrap(commands.declineCardOffer(offerId)),
  refillCard: (cardId: string) => unwrap(commands.refillCard(cardId)),
  beginSignIn: (offerId: string) => unwrap(commands.beginSignIn(offerId)),
  finishSignIn: (offerId: string) => unwrap(commands.finishSignIn(offerId)),
  trustOf: (entryId: string) => unwrap(commands.trustOf(entryId)),
  parties: () => unwrap(commands.parties()),
  previewClinic: (name: string, content: string) => unwrap(commands.previewClinic(name, content)),
  addClinic: (content: string, typed: string) => unwrap(commands.addClinic(content, typed)),
  removeClinic: (id: string) => unwrap(commands.removeClinic(id)),
  removeCard: (id: string) => unwrap(commands.removeCard(id)),
  saveReceipt: (consentId: string, format: ReceiptFormat, path: string) => unwrap(commands.saveReceipt(consentId, format, path)),
  activity: (everyone: boolean) => unwrap(commands.activity(everyone)),
  verifyLog: () => unwrap(commands.verifyLog()),
  exportLog: (path: string, format: LogFormat) => unwrap(commands.exportLog(path, format)),
  registers: (look: boolean) => unwrap(commands.registers(look)),
  saveContradiction: (log: string, path: string) => unwrap(commands.saveContradiction(log, path)),
  saveRegisterStates: (path: string) => unwrap(commands.saveRegisterStates(path)),
  compareRegisters: (content: string) => unwrap(commands.compareRegisters(content)),
  sync: () => unwrap(commands.sync())
};

/** Calls back when something moved in the background (sent, confirmed, locked). Returns how to stop. */
export function onChanged(heard: () => void): () => void {
  const stop = events.changed.listen(heard);
  return () => void stop.then((off) => off());
}

/** Calls back when another program handed a link over. Returns how to stop. */
export function onLink(heard: () => void): () => void {
  const stop = events.linkArrived.listen(heard);
  return () => void stop.then((off) => off());
}

/** Calls back with how far a long task is. Returns how to stop. */
export function onProgress(heard: (progress: TaskProgress) => void): () => void {
  const stop = events.taskProgress.listen(({ payload }) => heard(payload));
  return () => void stop.then((off) => off());
}

/** Largest file taken in through the page, in bytes: the same 64 MiB as the core's. */
export const FILE_MAX = 64 * 1024 * 1024;

/** The bytes of a file or a picture as base64, as commands take them. */
export function fileContent(file: Blob): Promise<string> {
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
