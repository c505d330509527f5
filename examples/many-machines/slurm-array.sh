#!/bin/bash
# Evaluates model/ in 16 tasks, and merges them when all have ended well:
#   job=$(sbatch --parsable slurm-array.sh)
#   sbatch --dependency=afterok:$job --cpus-per-task=1 --wrap 'npx advrob merge runs/model --out runs/model'
# A task that failed or was preempted is sent again with its number, and goes on where it stopped: --shard 3/16.
#SBATCH --job-name=advrob
#SBATCH --array=0-15
#SBATCH --cpus-per-task=1
#SBATCH --mem=4G
#SBATCH --time=04:00:00
#SBATCH --requeue
# Bits depend on the kind of processor: keep to one.
##SBATCH --constraint=...
set -euo pipefail

exec npx advrob evaluate --model model --dataset subspace --set subspace.size=4 --set subspace.complement=2 \
  --attack pgd --set pgd.steps=300 --attack fgsm --norm linf --epsilon 0.5,3 \
  --batch-size 2 --threads 1 --shard auto --out runs/model
