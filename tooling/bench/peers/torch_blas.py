"""Which BLAS PyTorch uses; Debian's reference BLAS makes its small convolutions three times slower."""


def blas():
    with open("/proc/self/maps", encoding="utf8") as maps:
        loaded = maps.read()
    return next((name for name in ("openblas", "mkl", "blis") if name in loaded), "reference")
