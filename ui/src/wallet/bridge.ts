import { mockIPC } from '@tauri-apps/api/mocks';
import { emit } from '@tauri-apps/api/event';

/**
 * Lets these screens run in a browser: every command goes to the core over loopback, and its events come back.
 * Only in the `bridge` build; the app's window never loads this.
 *
 * The page's address carries a fresh token (`#token=…`), or a `<meta name="carnet-token">` does.
 * It moves to this tab's memory at once, so that it stands in no history.
 */
export function connect(): void {
  const token = takeToken();
  mockIPC(
    async (command, payload) => {
      const answer = await fetch(`/__ipc/${encodeURIComponent(command)}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-carnet-token': token },
        body: JSON.stringify(payload ?? {})
      }).catch(() => null);
      if (answer === null) throw { code: 'bridge_gone', message: '', next: '' };
      const body: unknown = await answer.json().catch(() => null);
      if (!answer.ok) throw errorOf(body);
      return body;
    },
    { shouldMockEvents: true }
  );
  const stream = new EventSource(`/__events?token=${encodeURIComponent(token)}`);
  stream.onmessage = (message) => {
    const { event, payload } = JSON.parse(String(message.data)) as { event: string; payload: unknown };
    void emit(event, payload);
  };
}

/** An `ErrorView` in any wrapping; a bare code stands for itself. */
function errorOf(body: unknown): { code: string; message: string; next: string } {
  const inner = typeof body === 'object' && body !== null && 'error' in body ? (body as { error: unknown }).error : body;
  const { code = 'bridge_refused', message = '', next = '' } = (typeof inner === 'object' && inner !== null ? inner : {}) as Record<string, string>;
  return { code, message, next };
}

function takeToken(): string {
  const kept = 'carnet-token';
  const meta = document.querySelector<HTMLMetaElement>('meta[name="carnet-token"]')?.content;
  const inAddress = /(?:^#|&)token=([^&]+)/.exec(location.hash)?.[1];
  if (inAddress) history.replaceState(null, '', location.pathname);
  const token = meta ?? inAddress ?? sessionStorage.getItem(kept) ?? '';
  sessionStorage.setItem(kept, token);
  return token;
}
