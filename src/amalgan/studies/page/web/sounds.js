// Sounds that a page holds as bytes on a logarithmic scale (mu-law), played one at a time.

/** @typedef {{rate: number, length: number, bytes: string}} Sounds bytes: base64, one sound after the other */

/** @param {Sounds} sounds @param {number} row @returns {Float32Array} in [-1, 1]; no other sound is unpacked */
export function soundOf({ length, bytes: text }, row) {
  const from = row * length, first = Math.floor(from / 3) * 4;
  const bytes = atob(text.slice(first, Math.ceil((from + length) / 3) * 4)), at = from - first / 4 * 3;
  return Float32Array.from({ length }, (_, one) => {
    const level = (bytes.charCodeAt(at + one) - 128) / 127;
    return Math.sign(level) * (256 ** Math.abs(level) - 1) / 255;
  });
}

/** @param {Sounds} sounds @returns {(row: number) => boolean} plays a sound instead of the last one; false where the page does not hold it */
export function player(sounds) {
  let context = /** @type {AudioContext | null} */ (null), playing = /** @type {AudioBufferSourceNode | null} */ (null);
  return (row) => {
    if (row < 0 || 4 * (row + 1) * sounds.length > 3 * sounds.bytes.length) return false;
    context ??= new AudioContext();
    playing?.stop();
    const wave = soundOf(sounds, row), buffer = context.createBuffer(1, wave.length, sounds.rate);
    buffer.copyToChannel(/** @type {any} */ (wave), 0);
    playing = new AudioBufferSourceNode(context, { buffer });
    playing.connect(context.destination);
    playing.start();
    return true;
  };
}
