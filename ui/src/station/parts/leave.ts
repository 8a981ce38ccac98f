/** Without a hand on the page for this long, the last patient is closed, ms. */
export const IDLE = 3 * 60_000;
/** In a tab that nobody sees, sooner, ms. */
export const UNSEEN = 60_000;

const HANDS = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'scroll', 'touchstart'] as const;

/** Calls `close` when nobody is at the screen any more, or when the page is left. Returns how to stop watching. */
export function closeWhenLeft(close: () => void): () => void {
  let last = Date.now();
  const seen = () => (last = Date.now());
  const due = () => Date.now() - last >= (document.visibilityState === 'hidden' ? UNSEEN : IDLE);
  const look = () => {
    if (due()) close();
  };
  const turned = () => (document.visibilityState === 'visible' ? look() : seen());
  const every = setInterval(look, 2000);
  for (const hand of HANDS) addEventListener(hand, seen, { passive: true, capture: true });
  document.addEventListener('visibilitychange', turned);
  // A page that the browser keeps for "back" must not hold a patient either.
  addEventListener('pagehide', close);
  return () => {
    clearInterval(every);
    for (const hand of HANDS) removeEventListener(hand, seen, { capture: true });
    document.removeEventListener('visibilitychange', turned);
    removeEventListener('pagehide', close);
  };
}
