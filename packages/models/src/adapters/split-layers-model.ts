import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

/** Runs (a part of) a LayersModel. Called inside `tf.tidy`. */
export type ForwardPass = (x: tf.Tensor, training: boolean) => tf.Tensor;

/** Runs the whole model on the tape, in one batch; `predict` would cut it into several. */
export function forwardPass(model: tfl.LayersModel): ForwardPass {
  return (x, training) => model.apply(x, { training }) as tf.Tensor;
}

/** A LayersModel taken apart at its end. */
interface SplitModel {
  /** The activation that turns the model's scores into probabilities, if its last layer has one. */
  readonly activation: 'softmax' | 'sigmoid' | undefined;
  /** Scores before that activation; undefined when the model cannot be cut there. */
  readonly logits: ForwardPass | undefined;
  /**
   * Input of the last dense layer and the layer itself without activation, when the model ends in
   * one.
   */
  readonly end: { readonly features: ForwardPass; head(features: tf.Tensor): tf.Tensor } | undefined;
}

/**
 * Finds the last activation and, where possible, the last dense layer of a model with one output.
 * Allocates no tensors.
 */
export function splitLayersModel(model: tfl.LayersModel): SplitModel {
  const output = model.outputs[0]!;
  const last = output.sourceLayer;
  if ('layers' in last && last !== model) return splitNested(model, last as tfl.LayersModel);
  const activation = probabilityActivation(last);
  if (isActivationLayer(last) && activation !== undefined) {
    const scores = onlyInput(last);
    if (scores === undefined) return { activation, logits: undefined, end: undefined };
    const end = denseEnd(model, scores.sourceLayer, 'linear');
    return { activation, logits: passTo(model, scores), end };
  }
  const end = denseEnd(model, last, activation ?? 'linear');
  const logits: ForwardPass | undefined =
    activation === undefined
      ? forwardPass(model)
      : end === undefined
        ? undefined
        : (x, training) => end.head(end.features(x, training));
  return { activation, logits, end };
}

/** A model that ends in another one, as Teachable Machine saves them: cut where that one is. */
function splitNested(model: tfl.LayersModel, nested: tfl.LayersModel): SplitModel {
  const input = onlyInput(nested);
  const { activation, logits, end } = splitLayersModel(nested);
  if (input === undefined)
    return { activation, logits: activation === undefined ? forwardPass(model) : undefined, end: undefined };
  const before = passTo(model, input);
  return {
    activation,
    logits: logits && ((x, training) => logits(before(x, training), training)),
    end: end && { head: end.head, features: (x, training) => end.features(before(x, training), training) },
  };
}

function isActivationLayer(layer: tfl.layers.Layer): boolean {
  return ['Activation', 'Softmax'].includes(layer.getClassName());
}

function probabilityActivation(layer: tfl.layers.Layer): 'softmax' | 'sigmoid' | undefined {
  if (layer.getClassName() === 'Softmax') return isOverClasses(layer) ? 'softmax' : undefined;
  const { activation } = layer.getConfig();
  return activation === 'softmax' || activation === 'sigmoid' ? activation : undefined;
}

/** Whether a Softmax layer runs over the last axis. */
function isOverClasses(layer: tfl.layers.Layer): boolean {
  const axes = [layer.getConfig()['axis'] ?? -1].flat();
  const rank = layer.inboundNodes[0]?.outputTensors[0]?.rank;
  return axes.length === 1 && (axes[0] === -1 || axes[0] === (rank ?? 0) - 1);
}

/** The last dense layer on rows of features, if `layer` is one with this activation. */
function denseEnd(model: tfl.LayersModel, layer: tfl.layers.Layer, activation: string): SplitModel['end'] {
  if (layer.getClassName() !== 'Dense' || layer.getConfig()['activation'] !== activation) return undefined;
  const input = onlyInput(layer);
  if (input?.shape.length !== 2) return undefined;
  const [kernel, bias] = layer.weights;
  return {
    features: passTo(model, input),
    head(features) {
      const product = tf.matMul(features as tf.Tensor2D, kernel!.read() as tf.Tensor2D);
      return bias === undefined ? product : tf.add(product, bias.read());
    },
  };
}

/** The input of a layer that is used once; shared layers have several. */
function onlyInput(layer: tfl.layers.Layer): tfl.SymbolicTensor | undefined {
  // A model is called once by being made.
  const [node, ...others] = layer.inboundNodes.slice('layers' in layer ? 1 : 0);
  return others.length === 0 && node?.inputTensors.length === 1 ? node.inputTensors[0] : undefined;
}

/** The part of the model that ends at `output`; it shares layers and weights. */
function passTo(model: tfl.LayersModel, output: tfl.SymbolicTensor): ForwardPass {
  return output === model.inputs[0] ? (x) => x : forwardPass(tfl.model({ inputs: model.inputs, outputs: output }));
}
