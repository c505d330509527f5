"""The common corruptions by the libraries that CIFAR-10-C and ImageNet-C were made with: python3 tooling/oracle/data/corruptions.py
Writes packages/datasets/test/files/corruptions.json. Needs Debian's python3-{numpy,scipy,skimage,opencv,wand,pil}. Random numbers come from a small generator that the
test repeats, so that both sides corrupt one picture with the same draws. Results are
in parts of 256 of a level, since whole levels would hide what differs and show what rounds otherwise. Frost is left out: ours is a substitute."""

import base64
import io
import json
import pathlib

import cv2
import numpy as np
import scipy.ndimage
import scipy.stats
from PIL import Image
from skimage.color import hsv2rgb, rgb2hsv
from skimage.filters import gaussian
from wand.api import library
from wand.image import Image as WandImage
import ctypes

library.MagickMotionBlurImage.argtypes = [ctypes.c_void_p] + 3 * [ctypes.c_double]
SIDE = 18
out = pathlib.Path(__file__).parents[3] / "packages/datasets/test/files/corruptions.json"


class Draws:
    """Uniform numbers of a linear congruential generator; twelve of them, less six, stand for a normal one."""

    def __init__(self, seed):
        self.state = seed

    def uniform(self, *shape):
        values = np.empty(int(np.prod(shape)))
        for i in range(values.size):
            self.state = (self.state * 1664525 + 1013904223) % 2**32
            values[i] = self.state / 2**32
        return values.reshape(shape)

    def normal(self, *shape):
        return (self.uniform(int(np.prod(shape)), 12).sum(1) - 6).reshape(shape)


def picture():
    """Smooth colours, a dark disk with a hard edge, black and white corners: what blurs, contrast and saturation can go wrong on."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    image = np.stack([0.2 + 0.6 * x, 0.5 + 0.4 * np.sin(6 * y + 3 * x), 0.9 - 0.7 * x * y], 2)
    image[(x - 0.6) ** 2 + (y - 0.4) ** 2 < 0.06] *= [0.3, 0.5, 0.9]
    image[:4, :4], image[-4:, -4:] = 0, 1
    return np.uint8(255 * np.clip(image, 0, 1))


def motion(levels, radius, sigma, angle):
    with io.BytesIO() as file:
        Image.fromarray(levels).save(file, format="PNG")
        blob = file.getvalue()
    with WandImage(blob=blob) as image:
        library.MagickMotionBlurImage(image.wand, radius, sigma, angle)
        return np.array(Image.open(io.BytesIO(image.make_blob("PNG"))).convert("RGB" if levels.ndim == 3 else "L"))


def zoom(image, factor):
    size = image.shape[0]
    cut = int(np.ceil(size / factor))
    first = (size - cut) // 2
    large = scipy.ndimage.zoom(image[first:first + cut, first:first + cut], (factor, factor, 1), order=1)
    trim = (large.shape[0] - size) // 2
    return large[trim:trim + size, trim:trim + size]


def plasma(side, decay, noise):
    """Diamond-square, point by point."""
    grid, wibble, step = np.zeros((side, side)), 100.0, side
    while step >= 2:
        half = step // 2
        places = [(range(half, side, step), range(half, side, step), [(a, b) for a in (-half, half) for b in (-half, half)])]
        plus = [(-half, 0), (half, 0), (0, -half), (0, half)]
        places += [(range(0, side, step), range(half, side, step), plus), (range(half, side, step), range(0, side, step), plus)]
        for rows, columns, around in places:
            for r in rows:
                for c in columns:
                    mean = sum(grid[(r + a) % side, (c + b) % side] for a, b in around) / 4
                    grid[r, c] = mean + wibble * (2 * wibble * noise[r, c] - wibble)
        step, wibble = half, wibble / decay
    grid -= grid.min()
    return grid / grid.max()


def noise(x, c, d):
    return x + c * d.normal(*x.shape)


def shot(x, c, d):
    return scipy.stats.poisson.ppf(d.uniform(*x.shape), x * c) / c


def impulse(x, c, d):
    hit, salt = d.uniform(*x.shape), d.uniform(*x.shape)
    return np.where(hit < c, salt < 0.5, x)


def defocus(x, c, d):
    radius, soft = c
    reach = 8 if radius <= 8 else radius
    places = np.arange(-reach, reach + 1)
    disk = (places[:, None] ** 2 + places**2 <= radius**2).astype(np.float64)
    size = (3, 3) if radius <= 8 else (5, 5)
    kernel = cv2.GaussianBlur(disk / disk.sum(), ksize=size, sigmaX=soft)
    return cv2.filter2D(x, -1, kernel)


def glass(x, c, d):
    sigma, reach, rounds = c
    levels = np.uint8(gaussian(x, sigma=sigma, multichannel=True) * 255)
    moves = d.uniform(rounds, SIDE, SIDE, 2)
    for i in range(rounds):
        for h in range(SIDE - reach, reach, -1):
            for w in range(SIDE - reach, reach, -1):
                right, down = (np.floor(moves[i, h, w] * 2 * reach) - reach).astype(int)
                levels[h, w] = levels[h + down, w + right]
    return gaussian(levels / 255.0, sigma=sigma, multichannel=True)


def motion_blur(x, c, d):
    return motion(np.uint8(np.round(x * 255)), *c, 90 * d.uniform(1)[0] - 45) / 255


def zoom_blur(x, c, d):
    factors = np.arange(1, *c)
    return (x + sum(zoom(x, factor) for factor in factors)) / (len(factors) + 1)


def snow(x, c, d):
    mean, deviation, factor, threshold, radius, sigma, clear = c
    layer = zoom((mean + deviation * d.normal(SIDE, SIDE))[..., None], factor)[..., 0]
    layer[layer < threshold] = 0
    flakes = motion(np.uint8(np.clip(layer, 0, 1) * 255), radius, sigma, 90 * d.uniform(1)[0] - 135)[..., None] / 255
    grey = cv2.cvtColor(x.astype(np.float32), cv2.COLOR_RGB2GRAY)[..., None].astype(np.float64)
    return clear * x + (1 - clear) * np.maximum(x, grey * 1.5 + 0.5) + flakes + flakes[::-1, ::-1]


def fog(x, c, d):
    density, decay = c
    side = 1 << (SIDE - 1).bit_length()
    clouds = density * plasma(side, decay, d.uniform(side, side))[:SIDE, :SIDE, None]
    return (x + clouds) * x.max() / (x.max() + density)


def brightness(x, c, d):
    hsv = rgb2hsv(x)
    hsv[..., 2] = np.clip(hsv[..., 2] + c, 0, 1)
    return hsv2rgb(hsv)


def contrast(x, c, d):
    means = x.mean((0, 1))
    return (x - means) * c + means


def elastic(x, c, d):
    strength, smooth, affine = (SIDE * value for value in c)
    image, middle, third = x.astype(np.float32), SIDE // 2, SIDE // 3
    before = np.float32([[middle + third, middle + third], [middle + third, middle - third], [middle - third, middle - third]])
    after = before + (affine * (2 * d.uniform(3, 2) - 1)).astype(np.float32)
    turned = cv2.warpAffine(image, cv2.getAffineTransform(before, after), (SIDE, SIDE), borderMode=cv2.BORDER_REFLECT_101)
    right, down = (gaussian(2 * d.uniform(SIDE, SIDE) - 1, smooth, mode="reflect", truncate=3) * strength for _ in range(2))
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    return np.stack([scipy.ndimage.map_coordinates(turned[..., k], [rows + down, columns + right], order=1, mode="reflect") for k in range(3)], 2)


def pixelate(x, c, d):
    image, small = Image.fromarray(np.uint8(np.round(x * 255))), int(SIDE * c)
    return np.array(image.resize((small, small), Image.BOX).resize((SIDE, SIDE), Image.BOX)) / 255


def jpeg(x, c, d):
    with io.BytesIO() as file:
        Image.fromarray(np.uint8(np.round(x * 255))).save(file, "JPEG", quality=c)
        return np.array(Image.open(file)) / 255


# Parameters: Hendrycks and Dietterich's make_cifar_c.py and make_imagenet_c.py, lengths of the elastic transform in sizes of the image.
CASES = {
    "gaussian-noise": (noise, [.04, .06, .08, .09, .1], [.08, .12, .18, .26, .38]),
    "shot-noise": (shot, [500, 250, 100, 75, 50], [60, 25, 12, 5, 3]),
    "impulse-noise": (impulse, [.01, .02, .03, .05, .07], [.03, .06, .09, .17, .27]),
    "defocus-blur": (defocus, [(.3, .4), (.4, .5), (.5, .6), (1, .2), (1.5, .1)], [(3, .1), (4, .5), (6, .5), (8, .5), (10, .5)]),
    "glass-blur": (glass, [(.05, 1, 1), (.25, 1, 1), (.4, 1, 1), (.25, 1, 2), (.4, 1, 2)], [(.7, 1, 2), (.9, 2, 1), (1, 2, 3), (1.1, 3, 2), (1.5, 4, 2)]),
    "motion-blur": (motion_blur, [(6, 1), (6, 1.5), (6, 2), (8, 2), (9, 2.5)], [(10, 3), (15, 5), (15, 8), (15, 12), (20, 15)]),
    "zoom-blur": (zoom_blur, [(1.06, .01), (1.11, .01), (1.16, .01), (1.21, .01), (1.26, .01)], [(1.11, .01), (1.16, .01), (1.21, .02), (1.26, .02), (1.31, .03)]),
    "snow": (snow, [(.1, .2, 1, .6, 8, 3, .95), (.1, .2, 1, .5, 10, 4, .9), (.15, .3, 1.75, .55, 10, 4, .9), (.25, .3, 2.25, .6, 12, 6, .85), (.3, .3, 1.25, .65, 14, 12, .8)],
             [(.1, .3, 3, .5, 10, 4, .8), (.2, .3, 2, .5, 12, 4, .7), (.55, .3, 4, .9, 12, 8, .7), (.55, .3, 4.5, .85, 12, 8, .65), (.55, .3, 2.5, .85, 12, 12, .55)]),
    "fog": (fog, [(.2, 3), (.5, 3), (.75, 2.5), (1, 2), (1.5, 1.75)], [(1.5, 2), (2, 2), (2.5, 1.7), (2.5, 1.5), (3, 1.4)]),
    "brightness": (brightness, [.05, .1, .15, .2, .3], [.1, .2, .3, .4, .5]),
    "contrast": (contrast, [.75, .5, .4, .3, .15], [.4, .3, .2, .1, .05]),
    "elastic-transform": (elastic, [(0, 0, .08), (.05, .2, .07), (.08, .06, .06), (.1, .04, .05), (.1, .03, .03)],
                          [tuple(244 / 224 * value for value in c) for c in [(2, .7, .1), (2, .08, .2), (.05, .01, .02), (.07, .01, .02), (.12, .01, .02)]]),
    "pixelate": (pixelate, [.95, .9, .85, .75, .65], [.6, .5, .4, .3, .25]),
    "jpeg-compression": (jpeg, [80, 65, 58, 50, 40], [25, 18, 15, 10, 7]),
}

text = lambda levels: base64.b64encode(np.ascontiguousarray(levels)).decode()
image = picture()
results = {}
for name, (corrupt, small, large) in CASES.items():
    for scale, levels in (("small", small), ("large", large)):
        for severity in range(1, 6):
            if scale == "large" and severity in (2, 4):
                continue
            corrupted = corrupt(image / 255.0, levels[severity - 1], Draws(1000 * severity + len(name)))
            results[f"{name} {severity} {scale}"] = text(np.round(np.clip(corrupted, 0, 1) * 65280).astype("<u2"))
out.write_text(json.dumps({"side": SIDE, "picture": text(image), "corrupted": results}, indent=2) + "\n")
