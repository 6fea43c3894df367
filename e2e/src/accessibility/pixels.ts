import type { Locator, Page } from 'playwright-core';

/** CSS pixels from the left and top of the window. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** What is on a page's screen at one moment. */
export class Pixels {
  private constructor(
    private readonly rgba: Uint8Array,
    private readonly width: number,
  ) {}

  /** @param reader a blank page, whose policy lets it decode the picture */
  static async of(page: Page, reader: Page): Promise<Pixels> {
    const png = await page.screenshot({ scale: 'css' });
    const { data, width } = await reader.evaluate(
      async (url) => {
        const image = new Image();
        image.src = url;
        await image.decode();
        const canvas = new OffscreenCanvas(image.width, image.height);
        const context = canvas.getContext('2d');
        if (!context) throw new Error('no canvas');
        context.drawImage(image, 0, 0);
        const bytes = context.getImageData(0, 0, image.width, image.height).data;
        let text = '';
        for (let at = 0; at < bytes.length; at += 32_768)
          text += String.fromCharCode(...bytes.subarray(at, at + 32_768));
        return { data: btoa(text), width: image.width };
      },
      `data:image/png;base64,${png.toString('base64')}`,
    );
    return new Pixels(Buffer.from(data, 'base64'), width);
  }

  /** Contrast of two places by WCAG: 1 (alike) to 21. */
  contrast(one: Point, other: Point): number {
    const [low, high] = [this.luminance(one), this.luminance(other)].sort((a, b) => a - b) as [number, number];
    return (high + 0.05) / (low + 0.05);
  }

  private luminance({ x, y }: Point): number {
    const at = (Math.round(y) * this.width + Math.round(x)) * 4;
    const [red, green, blue] = [...this.rgba.subarray(at, at + 3)].map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    }) as [number, number, number];
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }
}

/** Where an element is. @throws Error when it is not on the screen */
export async function boxOf(locator: Locator) {
  const box = await locator.first().boundingBox();
  if (!box) throw new Error(`${locator} is not on the screen`);
  return { ...box, right: box.x + box.width, middle: { x: box.x + box.width / 2, y: box.y + box.height / 2 } };
}
