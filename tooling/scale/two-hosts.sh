#!/usr/bin/env bash
# One evaluation on two hosts, which are network namespaces of this machine (root, iproute2): a queue with TLS and the users of
# examples/many-machines/redis.conf, a bucket of moto's server, a worker on each host, and the record compared with that of a single run.
#   ADVROB_MOTO=$(.ci/s3) tooling/scale/two-hosts.sh
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
home=$(mktemp -d)
cd "$home"
pids=()
finish() {
  for pid in "${pids[@]}"; do kill -9 "$pid" 2> /dev/null || true; done
  for host in one two; do ip netns del "advrob-$host" 2> /dev/null || true; done
  ip link del advrob-bridge 2> /dev/null || true
  rm -rf "$home"
}
trap finish EXIT

ip link add advrob-bridge type bridge
ip addr add 10.87.0.1/24 dev advrob-bridge
ip link set advrob-bridge up
number=2
for host in one two; do
  ip netns add "advrob-$host"
  ip link add "advrob-$host" type veth peer name eth0 netns "advrob-$host"
  ip link set "advrob-$host" master advrob-bridge up
  ip -n "advrob-$host" addr add "10.87.0.$number/24" dev eth0
  ip -n "advrob-$host" link set eth0 up
  ip -n "advrob-$host" link set lo up
  number=$((number + 1))
done

openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=queue -addext 'subjectAltName=IP:10.87.0.1' -keyout tls.key -out tls.crt 2> /dev/null
cp tls.crt ca.crt
sed -e "s|/tls/|$home/|" -e 's|>CHANGE-ME|>secret-of-two-hosts|' "$root/examples/many-machines/redis.conf" > redis.conf
redis-server redis.conf --bind 10.87.0.1 --dir "$home" > redis.log &
pids+=($!)
"${ADVROB_MOTO:-moto_server}" -H 10.87.0.1 -p 5000 > moto.log 2>&1 &
pids+=($!)
until curl -sf -X PUT http://10.87.0.1:5000/bucket > /dev/null; do sleep 0.2; done

advrob=(node "$root/packages/cli/dist/bin.js")
points=(--dataset subspace --set subspace.size=4 --set subspace.complement=2)
"${advrob[@]}" train --backend cpu "${points[@]}" --architecture mlp --set 'mlp.hidden=[8]' --set 'mlp.inputShape=[4]' --set mlp.numClasses=2 \
  --set 'mlp.bounds=[-20,20]' --steps 20 --learning-rate 0.05 --out net > /dev/null 2>&1
evaluation=(evaluate --backend cpu --threads 1 --model net "${points[@]}" --batch-size 1 --attack pgd --set pgd.steps=60 --epsilon '0.5,3' --save-adversarial)
"${advrob[@]}" "${evaluation[@]}" --out single > /dev/null 2>&1

export ADVROB_ON=rediss://advrob@10.87.0.1:6380 ADVROB_REDIS_PASSWORD=secret-of-two-hosts ADVROB_REDIS_CA=$home/ca.crt
export ADVROB_STORE=s3://bucket/advrob AWS_ENDPOINT_URL_S3=http://10.87.0.1:5000 AWS_ACCESS_KEY_ID=key AWS_SECRET_ACCESS_KEY=secret-of-two-hosts
for host in one two; do
  ip netns exec "advrob-$host" env HOME="$home/$host" "${advrob[@]}" worker --insecure --name "$host" > "$host.log" 2>&1 &
  pids+=($!)
done
"${advrob[@]}" "${evaluation[@]}" --on "$ADVROB_ON" --store "$ADVROB_STORE" --insecure --out remote > remote.log 2>&1 || { cat remote.log one.log two.log; exit 1; }
cmp single/examples.jsonl remote/examples.jsonl
for file in single/adversarial/*/*; do cmp "$file" "remote/${file#single/}"; done
for host in one two; do
  echo "host $host published $(grep -c '"event":"published"' "$host.log") shards"
  grep -q '"event":"published"' "$host.log"
done
if grep -rq secret-of-two-hosts remote one.log two.log remote.log; then echo 'a secret is shown'; exit 1; fi
echo 'two hosts: the examples and the adversarial examples of a single run'
