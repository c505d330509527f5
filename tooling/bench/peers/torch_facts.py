"""What a row of a bench says about this PyTorch."""


def blas():
    """The BLAS this PyTorch uses; Debian's reference BLAS makes its small convolutions three times slower."""
    with open("/proc/self/maps", encoding="utf8") as maps:
        loaded = maps.read()
    return next((name for name in ("openblas", "mkl", "blis") if name in loaded), "reference")
