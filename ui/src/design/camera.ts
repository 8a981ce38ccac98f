/** Why there are no pictures: no camera here, not allowed, or another program has it. */
export type NoCamera = 'none' | 'refused' | 'taken';

/** The camera that looks away from the person, where there are two. */
export async function open(): Promise<MediaStream | NoCamera> {
  // Absent in a window without media capture, and on a page that did not come by a safe way.
  if (!navigator.mediaDevices?.getUserMedia) return 'none';
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: { ideal: 'environment' }, width: { ideal: 1280 }, height: { ideal: 960 } } });
  } catch (error) {
    const name = error instanceof Error ? error.name : '';
    if (name === 'NotAllowedError' || name === 'SecurityError') return 'refused';
    return name === 'NotReadableError' || name === 'AbortError' ? 'taken' : 'none';
  }
}

/** Longest side of a picture that is read, pixels: a code at arm's length needs no more. */
const SIDE = 1280;

/** What the camera sees now, as JPEG; null before its first picture. */
export function frameOf(video: HTMLVideoElement, canvas: HTMLCanvasElement): Promise<Blob | null> {
  const { videoWidth, videoHeight } = video;
  const paper = canvas.getContext('2d');
  if (!paper || videoWidth === 0) return Promise.resolve(null);
  const scale = Math.min(1, SIDE / Math.max(videoWidth, videoHeight));
  canvas.width = Math.round(videoWidth * scale);
  canvas.height = Math.round(videoHeight * scale);
  paper.drawImage(video, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, 'image/jpeg', 0.9));
}

/** The picture in what was pasted, if there is one. */
export function pastedPicture(event: ClipboardEvent): File | null {
  return [...(event.clipboardData?.files ?? [])].find((file) => file.type.startsWith('image/')) ?? null;
}
