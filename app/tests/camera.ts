import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type LaunchOptions, type Locator } from '@playwright/test';

/** What a camera delivers, in pixels. */
const [WIDTH, HEIGHT] = [640, 480];

/** Opens a browser whose camera sees what another page shows there. */
export async function browserThatSees(picture: Locator, launch: LaunchOptions): Promise<Browser> {
  const folder = mkdtempSync(join(tmpdir(), 'camera-'));
  const file = join(folder, 'picture.y4m');
  const luma = await seen(picture);
  const grey = Buffer.alloc(luma.length / 2, 128);
  const frame = Buffer.concat([Buffer.from('FRAME\n'), luma, grey]);
  writeFileSync(
    file,
    Buffer.concat([Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420jpeg\n`), frame, frame]),
  );
  const browser = await chromium.launch({
    ...launch,
    args: [
      ...(launch.args ?? []),
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream',
      `--use-file-for-fake-video-capture=${file}`,
    ],
  });
  browser.on('disconnected', () => rmSync(folder, { recursive: true, force: true }));
  return browser;
}

/** The picture in the middle of a frame: how bright each pixel is. */
async function seen(picture: Locator): Promise<Buffer> {
  const shot = (await picture.screenshot()).toString('base64');
  const pixels = await picture.page().evaluate(
    async ({ shot, width, height }) => {
      const image = await createImageBitmap(new Blob([Uint8Array.from(atob(shot), (char) => char.charCodeAt(0))]));
      const context = new OffscreenCanvas(width, height).getContext('2d');
      if (!context) throw new Error('no canvas');
      context.fillStyle = '#ddd';
      context.fillRect(0, 0, width, height);
      const size = Math.min(width, height) * 0.8;
      context.drawImage(image, (width - size) / 2, (height - size) / 2, size, size);
      const { data } = context.getImageData(0, 0, width, height);
      return Array.from({ length: width * height }, (_, at) => data[4 * at + 1] ?? 0);
    },
    { shot, width: WIDTH, height: HEIGHT },
  );
  return Buffer.from(pixels);
}
