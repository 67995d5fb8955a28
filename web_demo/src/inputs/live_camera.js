/**
 * The camera's live view: one frame after another is handed out, the next one only when the last
 * one is done, so a slow device shows fewer answers a second and never falls behind.
 */
export class LiveCamera {
  #video;
  /** @type {MediaStream | null} */
  #stream = null;

  /** @param {HTMLVideoElement} video */
  constructor(video) {
    this.#video = video;
  }

  /** False where the browser hands out no camera, as on a page served over plain http. */
  static get available() {
    return Boolean(navigator.mediaDevices?.getUserMedia);
  }

  get running() {
    return this.#stream !== null;
  }

  /**
   * Asks for a camera and shows it in the video element.
   * @param {'environment' | 'user'} facing away from the user, or at them, where there is a choice
   * @param {() => void} onEnded the device took the camera away
   * @throws {DOMException} NotAllowedError, NotFoundError, NotReadableError … of getUserMedia
   */
  async start(facing, onEnded) {
    this.stop();
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { facingMode: { ideal: facing }, width: { ideal: 1280 }, height: { ideal: 720 } },
    });
    this.#stream = stream;
    const [track] = stream.getVideoTracks();
    // People expect a mirror where they see themselves.
    this.#video.classList.toggle('is_mirrored', facing === 'user' && track?.getSettings().facingMode !== 'environment');
    track?.addEventListener('ended', () => {
      if (this.#stream === stream) onEnded();
    });
    this.#video.srcObject = stream;
    try {
      await this.#video.play();
    } catch (error) {
      this.stop();
      throw error;
    }
  }

  /**
   * Calls `look` with the video for each new frame until the camera is stopped.
   * @param {(video: HTMLVideoElement) => Promise<void>} look
   */
  async watch(look) {
    const stream = this.#stream;
    while (stream && this.#stream === stream) {
      await nextFrame(this.#video);
      if (this.#stream === stream && this.#video.videoWidth > 0) await look(this.#video);
    }
  }

  stop() {
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = null;
    this.#video.srcObject = null;
  }
}

/**
 * Resolves at the next frame shown. A stopped video shows none, so a timer ends the wait.
 * @param {HTMLVideoElement} video
 * @returns {Promise<void>}
 */
function nextFrame(video) {
  return new Promise((resolve) => {
    if (video.requestVideoFrameCallback) {
      video.requestVideoFrameCallback(() => resolve());
      setTimeout(resolve, 250);
    } else {
      setTimeout(resolve, 33);
    }
  });
}
