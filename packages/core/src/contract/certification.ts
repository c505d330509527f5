import type { Tensor } from '@tensorflow/tfjs-core';
import type { CallOptions } from './attack.js';
import type { Classifier } from './model.js';
import type { Definition, Factory, Origin } from './options.js';
import type { Norm, ThreatModel } from './threat.js';

/**
 * What is known of one example and the ball around it.
 * - `certified`: no point of the ball has another label than `y` (of the statement's classifier);
 * - `falsified`: a point of the ball has one, or the example itself;
 * - `open`: neither was shown within the budget.
 */
export type Verdict = 'certified' | 'falsified' | 'open';

/** What a certificate holds for, printed wherever one is reported. */
export interface CertificateStatement {
  /** `probabilistic` certificates are wrong with a probability of at most `alpha` per example. */
  readonly kind: 'deterministic' | 'probabilistic';
  /** For `probabilistic` ones. */
  readonly alpha?: number;
  /** The classifier that the certificate speaks of: the model itself, or one made of it. */
  readonly of: 'model' | 'smoothed' | 'ablated';
  /** Whether rounding of floating point numbers is covered (`outward`) or not (`none`). */
  readonly rounding: 'none' | 'outward';
  /** One or two sentences for the reader of a report. */
  readonly text: string;
}

export interface CertifyOptions extends Pick<CallOptions, 'seed' | 'ids' | 'signal'> {
  /** Told how many of the examples are decided. */
  readonly onProgress?: ((progress: { readonly done: number; readonly total: number }) => void) | undefined;
}

/** What a certifier found, in the order of the examples given. */
export interface CertifyResult {
  readonly verdicts: readonly Verdict[];
  /**
   * Class of each example [n] that the certificate is about; -1 where a smoothed classifier abstains.
   * That of `certified` examples is the label.
   */
  readonly prediction: Int32Array;
  /**
   * Largest radius [n] shown, in units of the threat's norm: up to it, it included, every point has
   * the class in `prediction`; 0 where none was. Null from a certifier that answers for the epsilon
   * asked alone.
   */
  readonly radius: Float64Array | null;
  /**
   * Lower bound [n] of the smallest margin of the label in the ball; null where the method has none.
   */
  readonly margin: Float64Array | null;
  /**
   * Points [n, ...inputShape] that falsify, the clean example elsewhere; the caller's to dispose. Null
   * from a certifier that searches none.
   */
  readonly counterexamples: Tensor | null;
  /** Forward passes of the model per example, or what costs as much. */
  readonly passes: Float64Array;
}

/** A certifier with its options. */
export interface Certifier {
  readonly name: string;
  readonly definition?: Definition;
  readonly options?: unknown;
  readonly origin?: Origin;
  readonly norms: readonly Norm[];
  /** As of its definition. */
  readonly radii?: boolean;
  /** What its certificates hold for. */
  statement(threat: ThreatModel): CertificateStatement;
  /**
   * Throws for a model or a threat that it cannot treat, before anything is computed.
   *
   * @throws AdvrobError `ADVROB_CERTIFY` with the layer, norm or option that is in the way.
   */
  check?(model: Classifier, threat: ThreatModel): void | Promise<void>;
  /**
   * Certifies `x` [n, ...inputShape] with labels `y` [n], int32, in the ball of `threat` (cut with the
   * bounds where the method can). The result of an example does not depend on the others.
   */
  certify(
    model: Classifier,
    x: Tensor,
    y: Tensor,
    threat: ThreatModel,
    options?: CertifyOptions,
  ): Promise<CertifyResult>;
}

export interface CertifierDefinition<I, O> extends Definition<I, O> {
  readonly norms: readonly Norm[];
  /**
   * Whether one call, at epsilon Infinity, finds the largest radius that it can show, so that it
   * answers for every epsilon. Default false: it is called once for each.
   */
  readonly radii?: boolean;
  statement(threat: ThreatModel, options: O): CertificateStatement;
  check?(model: Classifier, threat: ThreatModel, options: O): void | Promise<void>;
  certify(
    call: {
      readonly model: Classifier;
      readonly x: Tensor;
      readonly y: Tensor;
      readonly threat: ThreatModel;
      readonly seed: number;
      readonly ids: Int32Array;
    } & Pick<CertifyOptions, 'signal' | 'onProgress'>,
    options: O,
  ): Promise<CertifyResult>;
}
export type CertifierFactory<I> = Factory<I, Certifier>;
