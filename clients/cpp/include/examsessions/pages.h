#pragma once

#include <google/protobuf/repeated_field.h>

#include <cstddef>
#include <functional>
#include <iterator>
#include <string>
#include <tuple>
#include <utility>

namespace examsessions {

// The elements of a list, for one range-based for: fetch asks for the page of a token and returns its elements and the
// token of the next page.
template <class T>
class Pages {
 public:
  using Elements = google::protobuf::RepeatedPtrField<T>;
  using Fetch = std::function<std::pair<Elements, std::string>(const std::string& token)>;

  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using pointer = const T*;
    using reference = const T&;

    reference operator*() const { return pages_->elements_[pages_->position_]; }
    pointer operator->() const { return &**this; }
    Iterator& operator++() {
      ++pages_->position_;
      return *this = pages_->begin();
    }
    void operator++(int) { ++*this; }
    bool operator==(const Iterator& other) const { return pages_ == other.pages_; }
    bool operator!=(const Iterator& other) const { return pages_ != other.pages_; }

   private:
    friend class Pages;
    explicit Iterator(Pages* pages) : pages_(pages) {}
    Pages* pages_;
  };

  explicit Pages(Fetch fetch) : fetch_(std::move(fetch)) {}

  // An iterator at the element that is next, which may be on the next page that has any, or the end.
  Iterator begin() {
    while (position_ == elements_.size()) {
      if (!first_ && token_.empty()) return end();
      std::tie(elements_, token_) = fetch_(token_);
      position_ = 0;
      first_ = false;
    }
    return Iterator(this);
  }
  Iterator end() { return Iterator(nullptr); }

 private:
  Fetch fetch_;
  Elements elements_;
  int position_ = 0;
  std::string token_;
  bool first_ = true;
};

}  // namespace examsessions
