import type { Box } from '@media-analyzer/protocol';

/** How sure the filter is of what it is told, as parts of the object's size. */
interface Noise {
  /** Standard deviation of a detector's box edge against the true one. */
  readonly measurement: number;
  /** Standard deviation of the speed of an object just seen, sizes per second. */
  readonly initialSpeed: number;
  /** Spectral density of the acceleration's square root, sizes per second^1.5: how quickly objects change speed. */
  readonly acceleration: number;
}

/** People walk about one body width a second and turn within one: measured by eye on street and sports footage. */
const POSITION_NOISE: Noise = { measurement: 0.05, initialSpeed: 1.5, acceleration: 1.5 };
/** Sizes change slowly: mostly by perspective. */
const SIZE_NOISE: Noise = { measurement: 0.08, initialSpeed: 0.3, acceleration: 0.4 };

/** No box gets thinner than this part of the picture, so that overlap stays defined. */
const MIN_SIDE = 1e-4;

/**
 * Kalman filter of one coordinate with constant velocity and white-noise acceleration. Position, velocity and the three
 * distinct entries of their covariance; the time step may be any, since dropped frames make sampling irregular.
 */
class AxisFilter {
  private velocity = 0;
  private covPosition: number;
  private covMixed = 0;
  private covVelocity: number;

  constructor(
    private position: number,
    scale: number,
    private readonly noise: Noise,
  ) {
    this.covPosition = (noise.measurement * scale) ** 2;
    this.covVelocity = (noise.initialSpeed * scale) ** 2;
  }

  /** Where the coordinate is expected `dt` seconds from the filter's time; changes nothing. */
  at(dt: number): number {
    return this.position + this.velocity * dt;
  }

  predict(dt: number, scale: number): void {
    const q = (this.noise.acceleration * scale) ** 2;
    this.position += this.velocity * dt;
    this.covPosition += dt * (2 * this.covMixed + dt * this.covVelocity) + (q * dt ** 3) / 3;
    this.covMixed += dt * this.covVelocity + (q * dt ** 2) / 2;
    this.covVelocity += q * dt;
  }

  correct(measured: number, scale: number): void {
    const innovation = measured - this.position;
    const spread = this.covPosition + (this.noise.measurement * scale) ** 2;
    const gainPosition = this.covPosition / spread;
    const gainVelocity = this.covMixed / spread;
    this.position += gainPosition * innovation;
    this.velocity += gainVelocity * innovation;
    this.covVelocity -= gainVelocity * this.covMixed;
    this.covMixed *= 1 - gainPosition;
    this.covPosition *= 1 - gainPosition;
  }

  halt(): void {
    this.velocity = 0;
  }
}

/**
 * Follows a box: centre and size, each coordinate on its own. (The usual eight-state filter with diagonal noise is exactly
 * these four filters side by side.)
 */
export class BoxFilter {
  private readonly centreX: AxisFilter;
  private readonly centreY: AxisFilter;
  private readonly width: AxisFilter;
  private readonly height: AxisFilter;

  constructor([x, y, width, height]: Box) {
    this.centreX = new AxisFilter(x + width / 2, width, POSITION_NOISE);
    this.centreY = new AxisFilter(y + height / 2, height, POSITION_NOISE);
    this.width = new AxisFilter(width, width, SIZE_NOISE);
    this.height = new AxisFilter(height, height, SIZE_NOISE);
  }

  /** The expected box `dt` seconds from the filter's time, which may lie before it. */
  boxAt(dt: number): Box {
    const width = Math.max(this.width.at(dt), MIN_SIDE);
    const height = Math.max(this.height.at(dt), MIN_SIDE);
    return [this.centreX.at(dt) - width / 2, this.centreY.at(dt) - height / 2, width, height];
  }

  /** Moves the filter's time forward by `dt` seconds, `dt >= 0`. */
  predict(dt: number): void {
    const [, , width, height] = this.boxAt(0);
    this.centreX.predict(dt, width);
    this.centreY.predict(dt, height);
    this.width.predict(dt, width);
    this.height.predict(dt, height);
  }

  /** Learns from a box seen at the filter's time. */
  correct([x, y, width, height]: Box): void {
    this.centreX.correct(x + width / 2, width);
    this.centreY.correct(y + height / 2, height);
    this.width.correct(width, width);
    this.height.correct(height, height);
  }

  /** Keeps the size while the object is out of sight: a half-hidden last look must not shrink it away. */
  holdSize(): void {
    this.width.halt();
    this.height.halt();
  }
}
