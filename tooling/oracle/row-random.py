"""An independent computation of the pinned draws in packages/core/src/random/row-random.test.ts. Run: python3 tooling/oracle/row-random.py"""
import struct

MASK = 0xFFFFFFFF
ROTATIONS = [[13, 15, 26, 6], [17, 29, 16, 24]]


def threefry(key, counter):
    """Threefry-2x32-20, Salmon et al. 2011."""
    keys = [key[0], key[1], key[0] ^ key[1] ^ 0x1BD11BDA]
    a, b = (counter[0] + keys[0]) & MASK, (counter[1] + keys[1]) & MASK
    for group in range(5):
        for rotation in ROTATIONS[group % 2]:
            a = (a + b) & MASK
            b = ((b << rotation | b >> (32 - rotation)) & MASK) ^ a
        a = (a + keys[(group + 1) % 3]) & MASK
        b = (b + keys[(group + 2) % 3] + group + 1) & MASK
    return a, b


def name_key(seed, *names):
    key = (seed & MASK, seed >> 32)
    for name in names:
        key = threefry(key, (len(name), len(names)))
        units = [ord(c) for c in name] + [0, 0, 0]
        for i in range(0, len(name), 4):
            key = threefry(key, (units[i] | units[i + 1] << 16, units[i + 2] | units[i + 3] << 16))
    return key


assert threefry((0, 0), (0, 0)) == (0x6B200159, 0x99BA4EFE)
stream = name_key(1, "rows", "pgd", "start")
for _step_then_counter in (0, 0):
    stream = threefry(stream, (0, 0))
words = [word for example in (0, 1) for word in threefry(threefry(stream, (example, 0)), (0, 0))]
print([struct.unpack("f", struct.pack("f", -1 + 2 * word * 2**-32))[0] for word in words])
