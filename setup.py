"""Metadata, requirements read from requirements/, and the `.mim` folder in which mim looks."""

import os
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.editable_wheel import editable_wheel

ROOT = Path(__file__).resolve().parent
EXTRAS = ('clip', 'lora', 'milvus', 'mim', 'onnx', 'parquet', 'serve', 'vis', 'tests')
OWN_CHOICE = ('lora', 'milvus', 'tests')  # not in `all`


def requirements(name: str) -> list[str]:
    lines = (ROOT / 'requirements' / f'{name}.txt').read_text(encoding='utf-8').splitlines()
    bare = (line.split('#')[0].strip() for line in lines)
    return [line for line in bare if line]


def version() -> str:
    names: dict[str, str] = {}
    exec((ROOT / 'pir_mm' / 'version.py').read_text(encoding='utf-8'), names)
    return names['__version__']


def add_mim_extension() -> None:
    """Let tools, configs and the model index appear inside the package, as mim expects.

    Links serve every command: an editable install reads them and sees each later edit, wheel and
    source archives get the files behind them. Where links are forbidden (Windows) copies are made.
    An unpacked source archive has only the files in `.mim` and keeps those.
    """
    mim = ROOT / 'pir_mm' / '.mim'
    mim.mkdir(exist_ok=True)
    for name in ('tools', 'configs', 'model-index.yml'):
        source, place = ROOT / name, mim / name
        if not source.exists():
            continue
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)
        try:
            place.symlink_to(os.path.relpath(source, mim), target_is_directory=source.is_dir())
        except OSError:
            (shutil.copytree if source.is_dir() else shutil.copy2)(source, place)


class EditableWheel(editable_wheel):
    """An editable install that plain `mim` finds.

    mim joins the folder of the installed metadata with the first line of `top_level.txt`. In an
    editable install only an absolute path there leads from site-packages to the checkout.
    """

    def run(self) -> None:
        if self.dist_info_dir is None:
            Path(self.dist_dir).mkdir(exist_ok=True)
            info = self.reinitialize_command('dist_info', output_dir=self.dist_dir)
            self.run_command('dist_info')
            self.dist_info_dir = info.dist_info_dir
        package = ROOT / 'pir_mm'
        Path(self.dist_info_dir, 'top_level.txt').write_text(f'{package}\n', encoding='utf-8')
        super().run()


add_mim_extension()
setup(
    name='pir_mm',
    version=version(),
    description='Text-image retrieval for satellite and aerial imagery, a plugin for OpenMMLab',
    long_description=(ROOT / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    python_requires='>=3.10',
    packages=find_packages(include=['pir_mm', 'pir_mm.*']),
    include_package_data=True,
    install_requires=requirements('runtime'),
    extras_require={
        **{extra: requirements(extra) for extra in EXTRAS},
        'all': [
            line for extra in EXTRAS if extra not in OWN_CHOICE for line in requirements(extra)
        ],
    },
    cmdclass={'editable_wheel': EditableWheel},
    classifiers=[
        'Development Status :: 3 - Alpha',
        'Intended Audience :: Science/Research',
        'Programming Language :: Python :: 3.10',
        'Programming Language :: Python :: 3.11',
        'Programming Language :: Python :: 3.12',
        'Topic :: Scientific/Engineering :: Image Processing',
    ],
    zip_safe=False,
)
